"""What SQL says badly: walks through graphs, resampling, survival. Frames in, frames out; nothing here reads or writes."""
