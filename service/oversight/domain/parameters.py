"""Every tuned number of the patterns, with its source or reasoning."""

# How often an honest registry may be blamed. Each pattern gets an equal share; a test of one month's data is corrected
# for the number of its subjects (Bonferroni). Simulated in benchmarks/patterns.py.
FALSE_FINDINGS = 1.0  # per month and registry, all patterns together
SHARE = FALSE_FINDINGS / 4  # of each of the four patterns that are tests; `resolution_drift` has limits instead

# poor_prints_burst
BURST_DAYS = 30  # of the registry's own rate: long enough for every device to have worked, short enough to follow it
POOR_BELOW = 30  # half of the quality from which on the matcher finds nothing to correct
LEAST_PRINTS, LEAST_POOR = 20, 10  # per day: five people's fingers; fewer do not make a burst that is worth a visit
LEAST_OTHERS = 200  # prints of others in the window, below which there is no rate to compare with
# A device whose other days are poor too (labourers, cold) is judged by its own rate, up to this many times the others':
# beyond, it is no excuse. Without it honest devices that differ by a correlation of 0.03 are blamed once per month.
OWN_RATE_MOST = 2.0
# Correlation of the prints of one day and device: skin, climate and one operator's care make honest days differ. It is
# measured in the registry, within these limits; the upper keeps many liars from hiding each other.
CORRELATION_LEAST, CORRELATION_MOST = 0.02, 0.15
CORRELATION_UNKNOWN, CORRELATION_ROWS = 0.10, 20  # where fewer days of others than these are known

# Patterns of cases
CASE_DAYS = 90  # a sender who tries now and then; cases that are older were decided long ago
LEAST_CASES = 3  # twice is chance or a family's mistake
FACE_AT = 2.0  # log10 likelihood ratio: a face that is a hundred times likelier the same person's "matches"
# How much more often than the average person one may be named by chance: faces are known to differ this way (the
# "wolves" of Doddington et al., "Sheep, goats, lambs and wolves", ICSLP 1998); ten is a guess on the safe side.
LOOKALIKE = 10.0
# What is believed of exceptions whose face matches somebody with fingers before anything is known: one per 1,000
# enrolments, as if seen in 500 (a gamma prior).
MISSING_SHAPE, MISSING_ENROLMENTS = 0.5, 500.0

# resolution_drift
DRIFT_DAYS = 30
DRIFT_PRINTS = 200  # of a device's last prints: some 50 people
DRIFT_LEAST = 50  # the median of 50 prints has a standard error of 2.3 % (periods differ by 13 %, see below)
DRIFT_OTHERS = 200  # prints of all devices of one age class, below which it has no usual period
# Share of the usual period. The sexes' ridges differ by about a tenth, so a counter of women alone stays below; headers
# that state 400 or 600 for 500 dpi lie 20 % off. In between nothing changes, so that a finding does not flap.
DRIFT_ENTERS, DRIFT_LEAVES = 0.12, 0.08
DRIFT_SPREAD = 0.13  # standard deviation of the logarithm of prints' periods: 6.8 to 10.3 px are 5 to 95 % (FVC sets)
DRIFT_ERRORS = 2.0  # standard errors by which the estimate must be beyond the limit
CHILD_BELOW = 15  # years: until then ridges grow with the hand

MOST_ENROLMENTS = 200  # that a finding names, the latest
