module example.org/tmuxwatch

go 1.19
