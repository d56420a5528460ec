module example.com/extend

go 1.26.0

require github.com/iagoloadgen/iago v0.0.0

replace github.com/iagoloadgen/iago => ../..
