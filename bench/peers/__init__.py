"""Other agents on the same calls: the bench's recordings through pipecat and through a bare neural VAD."""
