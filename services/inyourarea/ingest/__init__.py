"""From a stranger's file to frames: probe, cut, extract; the first stage of the flow."""
