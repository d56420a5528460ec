/* Prints the number of the server that libmemcached would ask for each key on standard input.
   Usage: ketama ketama|modula HOST:PORT|/SOCKET ... */
#include <libmemcached/memcached.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
	memcached_st *m = memcached_create(NULL);
	if (argc < 3 || m == NULL)
		return 2;
	if (strcmp(argv[1], "ketama") == 0 && memcached_behavior_set(m, MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED, 1) != MEMCACHED_SUCCESS)
		return 3;
	for (int i = 2; i < argc; i++) {
		char *colon = strrchr(argv[i], ':');
		memcached_return_t rc;
		if (argv[i][0] == '/') {
			rc = memcached_server_add_unix_socket(m, argv[i]);
		} else {
			*colon = 0;
			rc = memcached_server_add(m, argv[i], (in_port_t)atoi(colon + 1));
		}
		if (rc != MEMCACHED_SUCCESS)
			return 4;
	}
	char key[512];
	while (fgets(key, sizeof key, stdin) != NULL) {
		size_t n = strcspn(key, "\n");
		printf("%u\n", memcached_generate_hash(m, key, n));
	}
	memcached_free(m);
	return 0;
}
