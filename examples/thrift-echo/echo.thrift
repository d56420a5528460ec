namespace go echo

/** What the original's library example called. */
service EchoService {
  string echo(1: string message)
}
