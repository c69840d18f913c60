"""What every context stands on and none owns: no word of the registry's business."""
