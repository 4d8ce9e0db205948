"""People who label what they can really see: simulated annotators for the laptop world.

`shapes` is the neutral form labels have between the portal and a worker (standard library only).
The rest looks at frames with OpenCV: no network, and no trained weights but those OpenCV carries.
"""
