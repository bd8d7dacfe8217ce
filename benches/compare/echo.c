/* The floor of the comparison of hits: datagrams are read and sent back in batches, and one bit of each is turned, so that
   it is a response. Nothing is looked up. echo PORT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BATCH 64
#define LONGEST 4096

int main(int count, char **arguments)
{
	static char octets[BATCH][LONGEST];
	static struct sockaddr_in peers[BATCH];
	struct sockaddr_in ours = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct iovec places[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	int socket_, size = 4 << 20, number, read, sent;

	if (count != 2)
		return 2;
	ours.sin_port = htons(atoi(arguments[1]));
	socket_ = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	if (bind(socket_, (struct sockaddr *)&ours, sizeof ours) != 0)
		return 1;
	for (;;) {
		for (number = 0; number < BATCH; number++) {
			places[number] = (struct iovec) { octets[number], LONGEST };
			messages[number].msg_hdr = (struct msghdr) {
				.msg_name = &peers[number], .msg_namelen = sizeof peers[number],
				.msg_iov = &places[number], .msg_iovlen = 1
			};
		}
		read = recvmmsg(socket_, messages, BATCH, MSG_WAITFORONE, NULL);
		for (number = 0; number < read; number++) {
			octets[number][2] |= 0x80;
			places[number].iov_len = messages[number].msg_len;
		}
		for (number = 0; number < read; number += sent > 0 ? sent : 1)
			sent = sendmmsg(socket_, messages + number, read - number, 0);
	}
}
