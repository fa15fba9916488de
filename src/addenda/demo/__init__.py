"""The main job on the bundled model, in three chapters: a catalogue update, announcements to read, rules to learn."""
