"""Every tuned number of the matcher, on one page, each with its source or the measurement that set it."""

import math
from dataclasses import dataclass

# Decoding ------------------------------------------------------------------------------------------------------------
DECODE_MAX_BYTES = 20_000_000  # a lossless four-finger slap at 1000 dpi has some 10 MB
DECODE_MAX_PIXELS = 40_000_000  # the 12 to 24 Mpx of phones pass; three decoded copies stay under 400 MB
SANE_DPI = (100.0, 2000.0)  # below are placeholders of screens (1, 72, 96); finger scanners have 250 to 1000
DPI_AGREES = 0.01  # share by which two resolutions differ and are the same: 197 pixels per centimetre are 500.4 dpi
WSQ_SECONDS = 20.0  # a hung decoder is stopped; a slap takes under one second
PIXELS_AT_ONCE = 80_000_000  # two of the largest pictures
# What a capture takes beyond its own pixels, in pixels of a large portrait (7 to 10 bytes each): the detector of faces
# takes some 30 MB, and a finger's network some 750 bytes per pixel at 500 dpi.
FACE_SHARE, FINGER_SHARE = 3_000_000, 60
STRIP_PIXELS = 1_000_000  # of a picture, converted at a time
TRIM_FROM = 2_000_000  # pixels of a picture after which freed memory is returned to the system


# Faces ---------------------------------------------------------------------------------------------------------------

FACE_DETECTION_SIDE = 640  # pixels, as YuNet was trained; larger pictures are reduced to it


@dataclass(frozen=True, slots=True)
class DetectionPass:
    """Settings of one detection. border: added on all sides, in parts of the longer side. score: the least accepted."""

    border: float
    score: float


# A border helps with faces that fill the picture, a low score with unusual ones. The second detection rejects what is
# no face.
FACE_PASSES = (DetectionPass(0.0, 0.6), DetectionPass(0.5, 0.6), DetectionPass(0.5, 0.25))
FACE_OVERLAP = 0.3  # as YuNet's authors have it
# The second detection. All measured on LFW view 1, see models/sface.md.
FACE_VIEW_SIDE = 192  # pixels; one such view costs 2 to 3 ms
FACE_VIEW_FACE = 80  # the face's longer side in it; 64 in 128 and 112 in 256 gave less certain landmarks
FACE_VIEW_SCORE = 0.3
FACE_CONFIRMED = 0.6  # all of LFW view 1 score 0.88 or more here
FACE_ROTATION_GAIN = 2.0  # landmarks report 0.3 to 0.4 of a rotation; 2.7 overshoots on upright faces
FACE_ROTATION_CLEAR = 6.0  # degrees of rotation left; above, or below the next score, all rotations are tried
FACE_SURE = 0.90  # 99 % of upright faces score more, 5 % of faces rotated by 45 degrees
FACE_ROTATION_STEP = 30  # degrees
FACE_ROTATION_DOUBT = 0.0005  # of score, per degree: a rotation of 30 degrees lowers the upright view's by 0.02
# Another face counts if its score is that high and its size (root of the area, relative to the largest face) that
# large. All faces meant by LFW view 1 score above 0.88; of its 1,548 press pictures 202 (13 %) hold such a second face,
# and 107 more hold only smaller or less certain ones, in the background.
SECOND_FACE_SCORE = 0.8
SECOND_FACE_SIZE = 0.5
# Of those 202, the face in the middle is clearly the subject's in 194; 8 of 1,548 pictures (0.5 %) are refused.
SUBJECT_OFF_CENTRE = 0.12  # shares of the picture's width, from its upright middle line
SUBJECT_APART = 0.15
SUBJECT_SIZE = 0.8  # relative to the largest face, so that a person behind the subject is never taken for the subject
# From this size on a second face may be the one meant, unless the edge cuts it: a child's behind an adult.
# 204 pictures of LFW view 1 (13.2 %) get this reason, 194 of them by SECOND_FACE_SIZE; 9 more hold only faces cut off.
MEANT_FACE_SIZE = 0.3
MEANT_FACE_MARGIN = 0.05  # shares of its size, between its box and the edge
FACE_LENGTH_POOR = 8.0  # SFace's vectors on LFW view 1: 1 % are shorter than 9.8, the median is 12.4,
FACE_LENGTH_RICH = 15.0  # and 1 % are longer than 14.8
FACE_NOSE_LEVEL = 0.556  # from the eyes' line (0) to the mouth's (1), median of LFW view 1 by YuNet's landmarks
FACE_SCORE_UNCLEAR = 25  # 3 % of LFW view 1 score less; with no other reason the face itself is hidden


@dataclass(frozen=True, slots=True)
class FaceLimit:
    """A limit beyond which a component of quality becomes a reason. Exactly one of least and most is not None."""

    component: str
    reason: str
    least: float | None = None
    most: float | None = None


# How they were set: four portraits were made worse step by step until the cosine to the original or the score fell by a
# tenth or more, unless a standard or the extremes of LFW view 1 (p99 in brackets) are a better guide.
FACE_LIMITS = (
    FaceLimit("inter_eye_distance_px", "too_far", least=90.0),  # ISO/IEC 19794-5 for enrolment; matching tolerates 30
    FaceLimit("face_inside_share", "face_cut_off", least=0.95),
    FaceLimit("yaw_degrees", "turned_sideways", most=25.0),  # [39] a rough estimate: 5, as passports need, is noise
    FaceLimit("pitch_degrees", "looking_up_or_down", most=25.0),  # [17] the same
    FaceLimit("roll_degrees", "head_tilted", most=20.0),  # [15] matching tolerates 45, but landmarks get less exact
    FaceLimit("mean_luminance", "too_dark", least=50.0),  # [1 % below 77]
    FaceLimit("mean_luminance", "too_bright", most=215.0),  # [172]
    FaceLimit("contrast", "low_contrast", least=45.0),  # [1 % below 65]
    FaceLimit("left_right_difference", "uneven_light", most=0.25),  # [0.27]
    FaceLimit("sharpness", "blurred", least=0.01),  # [1 % below 0.026]
)


# Fingerprints --------------------------------------------------------------------------------------------------------

FINGER_LARGEST_MM = 90.0  # a four-finger scanner's platen has 81; without a limit a photograph takes minutes
FINGER_DPI = 500  # LEADER's training resolution; every length below is in pixels of it

# Ridge map: windows of 32 pixels every 16 hold two to ten ridges.
RIDGE_STEP = 16
RIDGE_WINDOW = 32
RIDGE_SHORTEST, RIDGE_LONGEST = 4.0, 16.0  # ridge wavelengths, children to adults, stretched skin included
RIDGE_PEAK = 0.25  # share of a window's spectrum in its strongest plane wave
RIDGE_CONTRAST = 5.0  # standard deviation of grey levels below which a window is blank

# Ridge period: windows of 64 pixels every 32, in a band that holds prints stated at half and at twice their resolution.
PERIOD_WINDOW = 64
PERIOD_SHORTEST, PERIOD_LONGEST = 3.0, 26.0
PERIOD_PEAK = 0.2  # share of a window's spectrum in its strongest plane wave
PERIOD_WINDOWS = 256  # per print, at most
# Outside these limits the resolution stated is doubtful: 3.3 % [0.5 to 7.0] of FVC prints at their true one (17.5,
# 5.0 and 3.8 % on three scanners, none on five), and 100, 84, 16, 21, 79 and 89 % of them if stated as 250, 300, 400,
# 600, 750 and 1000 dpi.
PERIOD_LEAST, PERIOD_MOST = 6.5, 12.5

# The limits of a print, set between 640 real prints (the FVC sets: all pass) and faces of LFW at three sizes, pages of
# text in 8 typefaces and 13 sizes, blurred noise, stripes, chequers
AGREE_COSINE, AGREE_RATIO = 0.7, 1.5  # neighbouring windows show one wave: cosine of twice the angle, wavelengths
PRINT_LEAST_AGREEING = 50  # pairs; the smallest real print has 55, a face of 250 × 250 at most 48
PRINT_FLOW = 0.75  # pairs per window; real prints 0.84 to 1.8, faces 0.03 to 0.9
PRINT_BEND = 0.05  # 0 for parallel lines; real prints 0.07 to 1
LETTERS_SKEW, LETTERS_FLOW = -1.25, 0.45  # thin ink, and lines that stop and start
# A picture beyond these limits is still a print if it has so many sure minutiae. Of 545 spoilt FVC prints beyond them,
# 200 would have matched another impression (log10 LR above 2), and 113 of these have as many. Of 282 faces, pages of
# text, patterns and noise beyond them none has more than 7.1.
UNCLEAR_SURE = 8.0
# Outside these limits the resolution stated is not believed where a print shows a finger's ridges at 500 dpi alone.
USUAL_DPI = (400.0, 700.0)
UNCLEAR_LARGEST_MM = 30.0  # of a side; scanners of one flat finger have at most 25.4 (FAP 30)

NEGATIVE_BLANK, NEGATIVE_DARKER = 0.1, 15.0  # share of blank background; none of 640 real prints has a darker one

# Quality. Leaving out the worst tenth of each FVC set lowers the mean FNMR at FMR 0.1 % from 1.4 % to 0.1 %.
SURE_FROM = 0.4  # quality from which a minutia counts
SURE_SCALE = 18.0  # sure minutiae for a score of 63; FVC prints have 11.5 (5th percentile), 26 (median), 49 (95th)
QUALITY_GOOD = 60  # a quarter of FVC prints is below
QUALITY_SMALL_AREA = 100.0  # square millimetres; 5th and 50th percentile of FVC prints 90 and 174
QUALITY_CLEAR = 0.4  # share of the strongest wave; 10th and 50th percentile 0.40 and 0.53
QUALITY_DRY_SKEW, QUALITY_WET_SKEW = -1.05, 0.0  # 25th and 78th percentile

# Several fingers sent as one. Ridges up to FINGER_FLAT_MM wide are one finger's: the narrowest two FVC prints side by
# side have 18.7. None is wider than FINGER_ROLLED_MM: rolled prints fill their box of 40.6. None of 640 FVC prints, 100
# of SFinGe and 10 rolled ones is taken for several. All 6 of NIST's slaps are, and of FVC prints side by side 71 % of
# two, 85 % of three and all of four; with a gap of 1 mm, 90 % of two.
FINGER_FLAT_MM, FINGER_ROLLED_MM = 18.0, 45.0

# Minutiae
# FVC2000 FNMR at FMR 0.1 % falls from 5.1 % (at 0.5) to 1.9 %; a lower one costs time and gains nothing.
MINUTIA_QUALITY = 0.3
CROP_MARGIN = 24  # pixels kept around the ridge area
CROP_MULTIPLE = 32  # LEADER halves its input five times
UNSTATED_MINUTIA_QUALITY = 1.0  # 9 records without qualities hold as many minutiae as LEADER has sure ones
FEWEST_MINUTIAE = 4  # with fewer, no set of cylinders can be paired

# Prints below this quality are read twice. FVC2000, mean FNMR at FMR 0.1 %: 2.14 % if none is, 1.16 if those below 60
# are (16 % of FVC prints), 1.07 if those below 75 are (46 %, which costs three times as much); FVC2002: 1.34, 0.27,
# 0.45. Of all mated pairs 10.2, 9.4 and 9.1 % stay below what a lone finger needs among a million people.
ENHANCED_BELOW = 60
# The enhanced picture: even grey by one window, waves of ridges by another, even contrast by a third. Steps of 8 take
# three times as long and give the same rates within their noise.
ENHANCE_EVEN, ENHANCE_FLAT = 33, 5.0  # pixels; grey levels of deviation below which little is amplified
ENHANCE_WINDOW, ENHANCE_STEP = 32, 16
ENHANCE_SHORTEST, ENHANCE_LONGEST = 3.5, 20.0  # wavelengths
ENHANCE_CONTRAST, ENHANCE_FAINT, ENHANCE_GAIN = 65, 0.3, 70.0

# Minutia Cylinder-Code (Cappelli, Ferrara, Maltoni, TPAMI 2010, table 1, MCC8b) unless noted
CYLINDER_RADIUS = 75.0
CYLINDER_SIGMA_DISTANCE = 28 / 3
CYLINDER_SIGMA_DIRECTION = 2 * math.pi / 9
CYLINDER_BIT = 0.007  # the paper has 0.01; FVC2000 FNMR at FMR 0.1 % 1.6 % instead of 1.9 %, FVC2002 alike
CYLINDER_HULL_MARGIN = 50.0
CYLINDER_LEAST_CELLS = 0.75  # share of valid cells
CYLINDER_LEAST_NEIGHBOURS = 2
COMMON_CELLS = 0.6  # share of cells valid in both cylinders of a pair
PAIR_DIRECTION = 5 * math.pi / 12  # around the rotation most pairs vote for; the paper: π / 2 around none
VOTE_SIMILARITY = 0.5  # of a pair that votes on the rotation
PAIRS_LEAST, PAIRS_MOST = 4, 12
PAIRS_CENTRE, PAIRS_SLOPE = 20.0, 0.4
RELAX_ROUNDS = 5
RELAX_WEIGHT = 0.5
RELAX_DISTANCE = (5.0, -1.6)
RELAX_DIRECTION = (math.pi / 12, -30.0)
RELAX_BEARING = (math.pi / 12, -30.0)
# A print with fewer cylinders is compared with none: one with 3 made 33 of the 40 highest of 201,600 non-mated scores.
# 0.5 % of mated pairs are lost, and the scale of the non-mated tail falls from 0.0070 to 0.0034.
FEWEST_CYLINDERS = 8
RELAX_PAIRS = 30  # pairs that take part; 24 and 40 lose nothing within the noise, 60 costs half the speed

# One enrolment's fingers against each other: from this score on, one finger was given at two positions. None of 7,872
# pairs of different fingers of one person exceeds 0.033; 97 % of fingers laid down twice exceed it. With fewer
# cylinders on either side scores of different fingers are up to three times higher.
SAME_FINGER_SCORE, SAME_FINGER_CYLINDERS = 0.053, 8

# Slaps, set on NIST's six sample pictures (scanner and card): whole, rotated, and with each finger in turn removed
SLAP_STEP = 4  # pixels per step of the map: a crease is 10 to 40 wide
SLAP_WAVES = (1.5, 8.0)  # standard deviations of two blurs; their difference keeps ridges
SLAP_BLUR = 1.5  # steps


@dataclass(frozen=True, slots=True)
class SlapSetting:
    """How strictly fingers are separated.

    ink: least share of the usual ridge strength. bridge: steps, half the width of connections that are cut.
    """

    ink: float
    bridge: int


# Made-up fingers 256 pixels wide are still separated if they overlap by 16; of NIST's, none is split in two.
SLAP_SETTINGS = (
    SlapSetting(0.4, 9),
    SlapSetting(0.5, 12),
    SlapSetting(0.5, 16),
    SlapSetting(0.5, 20),
    SlapSetting(0.5, 24),
)
SLAP_REGROWN = 1.2  # times the bridge by which blobs grow back; 1 loses their corners
SLAP_PORE, SLAP_HOLE = 10, 60  # steps; holes of the map that are filled: any, and round ones (a card's punch is 6 mm)
SLAP_ROUND = 0.4  # share of the square around it; a disc has 0.79
SLAP_BAY = 15  # steps, half the width of bays in a tip's outline that are filled
SLAP_NARROWEST = 110.0  # pixels, 5.6 mm
SLAP_TILT = math.radians(35)  # greatest lean of a blob that votes on the lean of the hand; a wide thumb has more
# A blob has a lean of its own if it is so much longer than wide, and leans so little off the hand.
SLAP_LONG, SLAP_FAN = 1.2, math.radians(25)
SLAP_JOINT = (0.7, 1.6)  # times the width: from where a tip's crease is searched, and its greatest length
SLAP_CREASE = 0.5  # of the width; a narrower row is a joint
SLAP_BESIDE = 0.75  # of the width; blobs nearer to a tip's axis belong to its finger
SLAP_EVEN = 1.25  # times the usual width; a wider tip may be two that touch
SLAP_SLIVER = 0.4  # of the usual tip's size

# Fixed-length vector
VECTOR_NEIGHBOURS = 16  # they reach about 100 pixels far, 1.3 times the radius of a cylinder

# Gallery and fusion --------------------------------------------------------------------------------------------------
# Chance that a mated capture is worthless (another finger by mistake, a bandage, a smear). It limits the evidence
# against "same" to log10 0.02 = -1.7 per position. A conservative estimate: no set at hand holds such captures to
# measure it.
CAPTURE_WORTHLESS = 0.02
# n non-mated comparisons, none of them so high, bound the rate by 3/n with 95 % confidence (rule of 3): how far a curve
# may rise whose tail cannot be fitted.
COMPARISONS_BEHIND_A_RATE = 3
TAIL_SHARE = 0.001  # highest non-mated scores that are replaced by the exponential fitted to them
TAIL_LEAST = 10  # with fewer of them, no tail is fitted
# The fitted scale of a tail is multiplied by it. Rates of fingers are known to 10^-5.5, beyond is extrapolation; those
# of faces were confirmed to 10^-6 by two million comparisons of other people.
TAIL_SAFETY = {"finger": 1.5, "face": 1.0}
TAIL_DECADES = 9  # by which the tail is continued; evidence rises no further
# Decades taken off all rarities: strangers of one sex, age and origin resemble each other more than those of the data.
RARITY_MARGIN = 1.0
# How a probe may be a person's, before anything is compared: see `Hypothesis`. They hardly matter once rates are known.
HYPOTHESIS_WEIGHTS = {
    "as_stated": 0.84,
    "face_alone": 0.04,
    "fingers_alone": 0.03,
    "some_false": 0.05,
    "hands_swapped": 0.02,
    "any_position": 0.02,
}
# Scales by which prints are read where their resolution may be another than stated: 250, 300, 350, 400, 600, 750, 875
# and 1000 dpi stated of 500. A match bears 6 % more or less (94 to 97 % of mates); only scales that the ridges leave
# possible are tried, three or fewer for most prints.
RESCALED = (0.5, 0.6, 0.7, 0.8, 1.2, 1.5, 1.75, 2.0)
# Decades that evidence from another reading of a probe pays: nine readings raise false alarms by 28 %, three by 9.
READING_CHARGE = 1.5
FALSE_SHARE = 0.5  # of captures, where some are somebody else's
# log10 units subtracted from all face evidence: LFW's non-mated pairs mix sexes, ages and origins; NIST IR 8280 (2019)
# finds false match rates one to two orders of magnitude higher within one sex, age group and country of birth.
FACE_HARDNESS = 1.0
# (codes, people): the people preselected for exact cosines, by the codes that the probe has in common with a layout:
# the fewer codes, the less certain. Of the mates among the ten best of 1 M by exact scan (500 probes per kind), 1000
# hold all for a face and four fingers (120 codes), 4000 all for four fingers (88) and 99.8 % for a face and three (98),
# but 99.4 % for a face and one (54); 12,000 hold 99.1 % for a face alone (32) and 99.2 % for two fingers (44): these
# got three times as many people, which hold all of 1,449 mates with two fingers (20,000: 99.9 %). Of 37 M, 1000 hold
# the mates of all of 100 whole probes, 500 of 99, 60 of 98.
PRESELECTION_SIZES = ((110, 1000), (80, 4000), (50, 12_000), (0, 40_000))
# Probes times people preselected at once: 256 probes by a face alone take 0.8 GiB in 16 blocks or in 32.
PRESELECTED_AT_ONCE = 1_000_000
SCANNED_ALIKE = 1000  # people; lists up to that length share a scan, longer ones share it with lists up to 4 times it
# Upper bound below which a person is pruned: log10 LR of all cosines, then of one finger's minutiae and the other
# cosines. For one position in common, and higher by MINUTIAE_FLOOR_RISE for each further: the more cosines add up,
# the further apart are mates and others. Sums of cosines of mated FVC prints and LFW faces, drawn by set, lie below it:
# 0 to 0.07 % with a face and four fingers, 0 to 0.3 % with four fingers, 0.01 to 0.2 % with a face and two, 0 to 0.6 %
# with two fingers.
MINUTIAE_FLOOR, MINUTIAE_FLOOR_RISE = -2.0, 0.5
# The same for hypotheses other than the one that a search is about: only clear evidence of them opens a case.
ALTERNATIVE_FLOOR = 1.0
MINUTIAE_MOST_PEOPLE = 400  # people with one finger compared (0.2 ms each)
# A reference is compared in full only if the cylinders of its surest minutiae alone reach a score. Of 4,327 mated pairs
# of FVC prints with a score of 0.05 or more 0.25 % do not (1.1 % on the worst set), of other pairs 90 % do not.
SKETCH_MINUTIAE, SKETCH_SCORE = 14, 0.018
VECTORS_PER_TASK = 1000  # people whose vectors a thread compares at a time, at least
MINUTIAE_PER_TASK = 16  # of these, taken by a thread at a time
# People preselected for hypotheses that leave out or exchange some captures, per layout. Only clear evidence of such a
# kind opens a case, so the lists are shorter than those for all captures as stated.
FACE_LIST, PART_LIST, FINGER_LIST, ANY_POSITION_LIST = 1000, 1000, 200, 1000
ANY_POSITION_PEOPLE = 30  # people with all pairs of fingers compared: up to a hundred comparisons per person (20 ms)
# One finger of the probe, whatever the others are: least linear log10 LR, and people with minutiae compared per finger.
LONE_FINGER_FLOOR, LONE_FINGER_PEOPLE = 0.5, 50
CANDIDATE_FLOOR = -1.0  # log10 LR of a person below which the evidence is too much against them: no candidate
COMPLETED_FROM = 1.5  # log10 LR of a person from which all fingers of the same position are compared
CANDIDATES_RETURNED = 20  # candidates per search, unless another number is requested
GALLERY_MINUTIAE = 146  # per finger at most, 1 kB; those of the highest quality are kept
GALLERY_PIXEL_STEPS = 32  # steps per pixel, of minutiae as kept; 90 mm are 1772 of 2047 pixels
# Codes of 4 bits: 32 for a face's 128 numbers, 22 for a finger's best 88 of 256. A row of a face and four fingers has
# 60 bytes, and 4 for its slot.
FACE_CODES, FINGER_CODES = 32, 22
BLOCK_ROWS = 262_144  # of codes; some 16 MB, which one core reads in 2 ms
SEGMENT_PEOPLE = 131_072  # in one set of files; the segment that still grows is written again with every snapshot
# Bytes of a sealed file that open together. Of what a mapped gallery reads from the disk as many whole rows as fit: see
# benchmarks/README.md for what smaller and larger blocks cost.
SEALED_BLOCK, SEALED_ROWS = 1_048_576, 2048
SEALED_AT_ONCE = 4_194_304  # bytes of a sealed file that are read at a time
LAYOUT_LEAST = 2048  # people with the same positions; from here on they have a layout of their own
# Coders are trained on the gallery when it has so many people, and again whenever it has grown by this factor.
RETRAIN_FROM, RETRAIN_GROWTH = 20_000, 8
RETRAIN_SAMPLE, TRAIN_LEAST = 50_000, 5_000  # vectors; FAISS uses 4,096 for each k-means, the axes need more
# Number of removed people, and share of them in a segment, from which their captures are dropped without a request.
COMPACT_LEAST, COMPACT_FROM = 1024, 0.25
