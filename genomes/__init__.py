"""What a genome is and how it varies. Pure: no clock, no files, no network."""
