"""An invented clinic with invented patients, to look at and to measure with."""
