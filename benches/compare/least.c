/* The least that a cache does for an answer: the echo, and a table of replies in front of it. A query is hashed, found, compared with
   the one of the table and answered with a copy; the version of the answer is looked up, and the query is written to a ring of 16 MiB.
   The first query for a name makes its reply: one address. Nothing is ever resolved, expires, is checked or counted. least PORT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define LONGEST 512
#define HEADER 12
#define ID 2
#define LINE 64
#define SETS (1u << 14)
#define VERSIONS (1u << 16)
#define RING (16u << 20)
#define OCTETS (4u << 20)

struct set {
	_Alignas(LINE) uint64_t hash;
	uint32_t version, line;
	uint8_t query, reply;
};

static const char address[] = "\xc0\x0c\0\1\0\1\0\1\x51\x80\0\4\xc0\0\2\1";

static struct set *sets;
static uint64_t *versions;
static char *ring, *octets;
static uint32_t lines, place;

static uint64_t hash(const char *octet, size_t left)
{
	uint64_t state = 0x9e3779b97f4a7c15u ^ left, word = 0;

	for (; left >= sizeof word; octet += sizeof word, left -= sizeof word) {
		memcpy(&word, octet, sizeof word);
		state = (state ^ word) * 0xff51afd7ed558ccdu;
		state ^= state >> 32;
	}
	word = 0;
	memcpy(&word, octet, left);
	state = (state ^ word) * 0xff51afd7ed558ccdu;
	return state ^ state >> 29;
}

static char *kept(const struct set *set)
{
	return octets + (size_t)set->line * LINE;
}

/* Makes the reply to a query, both without their ids. */
static void make(struct set *set, uint64_t hashed, const char *query, size_t size)
{
	size_t end = HEADER;
	char *reply;

	while (query[end] != 0 && end < size)
		end += (unsigned char)query[end] + 1;
	end += 5 - ID;
	lines = lines + 16 < OCTETS / LINE ? lines : 0;
	*set = (struct set) { hashed, hashed >> 20 & (VERSIONS - 1), lines, size - ID, end + sizeof address - 1 };
	versions[set->version] = set->version;
	memcpy(kept(set), query + ID, size - ID);
	reply = kept(set) + size - ID;
	memcpy(reply, query + ID, end);
	memcpy(reply + end, address, sizeof address - 1);
	reply[0] |= 0x80;
	reply[7 - ID] = 1;
	reply[11 - ID] = 0;
	lines += (set->query + set->reply + LINE - 1) / LINE;
}

int main(int count, char **arguments)
{
	static char queries[BATCH][LONGEST], replies[BATCH][LONGEST];
	static struct sockaddr_in peers[BATCH];
	struct sockaddr_in ours = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct iovec from[BATCH], to[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	uint64_t hashes[BATCH];
	int socket_, size = 4 << 20, number, read, sent;

	if (count != 2)
		return 2;
	sets = aligned_alloc(LINE, SETS * sizeof *sets);
	versions = calloc(VERSIONS, sizeof *versions);
	ring = calloc(RING, 1);
	octets = aligned_alloc(LINE, OCTETS);
	if (!sets || !versions || !ring || !octets)
		return 1;
	memset(sets, 0, SETS * sizeof *sets);
	ours.sin_port = htons(atoi(arguments[1]));
	socket_ = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	if (bind(socket_, (struct sockaddr *)&ours, sizeof ours) != 0)
		return 1;
	for (;;) {
		struct timespec now;

		for (number = 0; number < BATCH; number++) {
			from[number] = (struct iovec) { queries[number], LONGEST };
			messages[number].msg_hdr = (struct msghdr) {
				.msg_name = &peers[number], .msg_namelen = sizeof peers[number],
				.msg_iov = &from[number], .msg_iovlen = 1
			};
		}
		read = recvmmsg(socket_, messages, BATCH, MSG_WAITFORONE, NULL);
		clock_gettime(CLOCK_BOOTTIME, &now);
		for (number = 0; number < read; number++) {
			hashes[number] = hash(queries[number] + ID, messages[number].msg_len - ID);
			__builtin_prefetch(&sets[hashes[number] % SETS]);
			__builtin_prefetch(ring + (place + LINE * number) % RING, 1);
		}
		for (number = 0; number < read; number++) {
			const struct set *set = &sets[hashes[number] % SETS];

			__builtin_prefetch(kept(set));
			__builtin_prefetch(kept(set) + LINE);
			__builtin_prefetch(&versions[set->version]);
		}
		for (number = 0; number < read; number++) {
			struct set *set = &sets[hashes[number] % SETS];
			size_t query = messages[number].msg_len;

			if (set->hash != hashes[number] || set->query != query - ID || versions[set->version] != set->version ||
			    memcmp(kept(set), queries[number] + ID, query - ID) != 0)
				make(set, hashes[number], queries[number], query);
			memcpy(replies[number], queries[number], ID);
			memcpy(replies[number] + ID, kept(set) + set->query, set->reply);
			to[number] = (struct iovec) { replies[number], ID + set->reply };
			messages[number].msg_hdr.msg_iov = &to[number];
			memcpy(ring + place, &now, sizeof now);
			memcpy(ring + place + 16, &peers[number].sin_addr, 4);
			memcpy(ring + place + 20, queries[number] + HEADER, 40);
			place = (place + LINE) % RING;
		}
		for (number = 0; number < read; number += sent > 0 ? sent : 1)
			sent = sendmmsg(socket_, messages + number, read - number, 0);
	}
}
