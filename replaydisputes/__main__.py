from replaydisputes.cli import main

main()
