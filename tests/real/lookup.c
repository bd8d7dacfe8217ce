/* What glibc makes of our answers, in its own words and milliseconds.
 *
 * lookup query NAME TYPE [TIMES]   res_query: "NOERROR answers ms", or h_errno's name and ms, one line a time
 * lookup address NAME [TIMES]      getaddrinfo of both families: the error's name or OK, addresses, ms
 * lookup reverse ADDRESS           getnameinfo
 * lookup pair NAME                 A and AAAA sent at once from one socket, as glibc does: ms of each answer */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <poll.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static const char *word(int error) {
    switch (error) {
    case HOST_NOT_FOUND: return "HOST_NOT_FOUND";
    case TRY_AGAIN: return "TRY_AGAIN";
    case NO_RECOVERY: return "NO_RECOVERY";
    case NO_DATA: return "NO_DATA";
    default: return "INTERNAL";
    }
}

static const char *failure(int error) {
    switch (error) {
    case EAI_NONAME: return "EAI_NONAME";
    case EAI_AGAIN: return "EAI_AGAIN";
    case EAI_FAIL: return "EAI_FAIL";
    case EAI_NODATA: return "EAI_NODATA";
    default: return gai_strerror(error);
    }
}

static int type_of(const char *text) {
    static const struct { const char *name; int type; } known[] = {
        {"A", ns_t_a}, {"AAAA", ns_t_aaaa}, {"MX", ns_t_mx}, {"TXT", ns_t_txt}, {"PTR", ns_t_ptr}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(text, known[i].name)) return known[i].type;
    exit(2);
}

static void query(const char *name, int type) {
    static unsigned char answer[65536];
    double began = now();
    int size = res_query(name, ns_c_in, type, answer, sizeof answer);
    double took = now() - began;
    ns_msg message;
    if (size < 0)
        printf("%s %.0f ms\n", word(h_errno), took);
    else if (ns_initparse(answer, size, &message) == 0)
        printf("NOERROR %d records, %d octets %.0f ms\n", ns_msg_count(message, ns_s_an), size, took);
    else
        printf("not a message %.0f ms\n", took);
}

static void address(const char *name) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    double began = now();
    int error = getaddrinfo(name, NULL, &hints, &found);
    double took = now() - began;
    printf("%s", error ? failure(error) : "OK");
    for (struct addrinfo *one = found; one; one = one->ai_next) {
        char text[NI_MAXHOST];
        getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST);
        printf(" %s", text);
    }
    printf(" %.0f ms\n", took);
    if (found) freeaddrinfo(found);
}

static void reverse(const char *text) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *found = NULL;
    char name[NI_MAXHOST] = "";
    if (getaddrinfo(text, NULL, &hints, &found)) exit(2);
    double began = now();
    int error = getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof name, NULL, 0, NI_NAMEREQD);
    printf("%s %s %.0f ms\n", error ? failure(error) : "OK", name, now() - began);
    freeaddrinfo(found);
}

static void pair(const char *name) {
    int types[] = {ns_t_a, ns_t_aaaa};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server)) exit(2);
    double began = now();
    for (int i = 0; i < 2; i++) {
        unsigned char message[512];
        int size = res_mkquery(QUERY, name, ns_c_in, types[i], NULL, 0, NULL, message, sizeof message);
        message[0] = 0, message[1] = types[i];
        if (size < 0 || send(fd, message, size, 0) != size) exit(2);
    }
    for (int i = 0; i < 2; i++) {
        unsigned char answer[1232];
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, 6000) != 1 || recv(fd, answer, sizeof answer, 0) < 12) {
            puts("nothing more");
            return;
        }
        printf("%s rcode %d %.0f ms\n", answer[1] == ns_t_a ? "A" : "AAAA", answer[3] & 15, now() - began);
    }
}

int main(int argc, char **argv) {
    const char *what = argc > 2 ? argv[1] : "", *name = argc > 2 ? argv[2] : "";
    if (!strcmp(what, "query") && argc > 3) {
        for (int times = argc > 4 ? atoi(argv[4]) : 1; times > 0; times--) query(name, type_of(argv[3]));
    } else if (!strcmp(what, "address")) {
        for (int times = argc > 3 ? atoi(argv[3]) : 1; times > 0; times--) address(name);
    } else if (!strcmp(what, "reverse")) {
        reverse(name);
    } else if (!strcmp(what, "pair")) {
        pair(name);
    } else {
        return 2;
    }
    return 0;
}
