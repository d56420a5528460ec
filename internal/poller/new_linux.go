package poller

// kinds are the pollers of this system, the preferred one first.
var kinds = []kind{{"io_uring", newUring}, {"epoll", newEpoll}, {"portable", newPortable}}
