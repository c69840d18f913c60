"""Everyone enrolled, and the 1:N search. Order of reading: records, store, coder, layout, preselection,
vector_comparison, minutiae_comparison, gallery.
"""

from matcher.gallery.coder import Coder, shipped_coders, untrained
from matcher.gallery.files import Stamp
from matcher.gallery.gallery import Gallery

__all__ = ["Coder", "Gallery", "Stamp", "shipped_coders", "untrained"]
