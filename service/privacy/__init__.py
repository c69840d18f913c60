"""Erasure and retention: what people leave behind is destroyed, when they ask for it or when its period is over."""
