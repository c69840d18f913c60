"""Everyone enrolled, and the 1:N search. Order of reading: records, store, coder, layout, preselection,
vector_comparison, minutiae_comparison, gallery; then files and what keeps them sealed.
"""

from matcher.gallery.coder import Coder, shipped_coders, untrained
from matcher.gallery.files import Seal, Stamp, Unseal, tidy
from matcher.gallery.gallery import Gallery

__all__ = ["Coder", "Gallery", "Seal", "Stamp", "Unseal", "shipped_coders", "tidy", "untrained"]
