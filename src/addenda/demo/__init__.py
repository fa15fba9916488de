"""The main job from end to end on the bundled model, in two chapters: a catalogue update, and announcements to read."""
