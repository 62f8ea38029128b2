"""What a model is: frozen specs that check themselves, every number with grade and source."""
