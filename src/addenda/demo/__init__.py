"""The main job on the bundled model, in four chapters: a catalogue update, announcements, rules to learn, new pages."""
