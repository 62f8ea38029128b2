"""Channel shares over months, and the calibration of the choice to known shares."""
