"""The main job from end to end on the bundled model: a catalogue update goes in, is tested, asked, and taken back."""
