"""The lab: a synthetic caller, a model of the line and the ear, scenarios, measurements, pictures."""
