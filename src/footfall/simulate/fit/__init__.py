"""From a person's own records to the numbers of a model: tables in, frozen records out."""
