package redis

// commands are all that are known, by name in capitals.
var commands map[string]*command

func init() {
	commands = map[string]*command{}
	for _, list := range [][]command{connectionCommands, serverCommands, keyCommands, stringCommands, counterCommands, hashCommands, listCommands, setCommands} {
		for i := range list {
			commands[list[i].name] = &list[i]
		}
	}
}
