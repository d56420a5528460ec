// Command iago is an open-loop load generator and traffic replayer.
package main

func main() {}
