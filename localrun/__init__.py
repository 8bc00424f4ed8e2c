"""The embedded run: the synthesized templates deployed into an AWS emulator, and real engines that run what was deployed."""
