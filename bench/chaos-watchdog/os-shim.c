/*
 * Stands between the product and the operating system (LD_PRELOAD) and breaks one thing at a time, as the control file says:
 * the wall clock, the disk below FAULT_DIR, name look-up, a listening port, or where connections to a port lead.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
	volatile int64_t clock_offset_ms;
	/* An errno that writes and syncs below FAULT_DIR give; 0: they work. */
	volatile int64_t disk_errno;
	/* 1: no name can be looked up. */
	volatile int64_t names_dead;
	/* Connections to this local port are closed as they come; 0: none. */
	volatile int64_t closed_port;
	/* Connections to the first port lead to the second; 0: nowhere else. */
	volatile int64_t led_from, led_to;
};

static struct control none, *control = &none;
static const char *dir;

#define REAL(type, name, ...) \
	static type (*real_##name)(__VA_ARGS__); \
	if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
	const char *path = getenv("FAULT_CONTROL");
	dir = getenv("FAULT_DIR");
	if (!path) return;
	REAL(int, open, const char *, int, ...);
	int fd = real_open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) return;
	void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped != MAP_FAILED) control = mapped;
	close(fd);
}

int clock_gettime(clockid_t id, struct timespec *at) {
	REAL(int, clock_gettime, clockid_t, struct timespec *);
	int done = real_clock_gettime(id, at);
	int64_t offset = control->clock_offset_ms;
	if (done == 0 && offset && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
		int64_t nanos = (int64_t)at->tv_sec * 1000000000 + at->tv_nsec + offset * 1000000;
		at->tv_sec = nanos / 1000000000;
		at->tv_nsec = nanos % 1000000000;
	}
	return done;
}

int gettimeofday(struct timeval *at, void *zone) {
	REAL(int, gettimeofday, struct timeval *, void *);
	int done = real_gettimeofday(at, zone);
	int64_t offset = control->clock_offset_ms;
	if (done == 0 && offset) {
		int64_t micros = (int64_t)at->tv_sec * 1000000 + at->tv_usec + offset * 1000;
		at->tv_sec = micros / 1000000;
		at->tv_usec = micros % 1000000;
	}
	return done;
}

time_t time(time_t *at) {
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (at) *at = now.tv_sec;
	return now.tv_sec;
}

/*
 * Whether a change of this file up to `end` (-1: to its end and beyond, 0: a sync) must fail now. A full disk still lets
 * bytes be overwritten and synced. Only while a fault is planted does it cost a look at the file's name.
 */
static int fails(int fd, off64_t end) {
	if (!control->disk_errno || !dir) return 0;
	struct stat64 found;
	if (control->disk_errno == ENOSPC && end >= 0 && (fstat64(fd, &found) != 0 || end <= found.st_size)) return 0;
	char link[64], path[4096];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof path - 1);
	if (length < 0) return 0;
	path[length] = 0;
	if (strncmp(path, dir, strlen(dir)) != 0) return 0;
	errno = control->disk_errno;
	return 1;
}

#define CHANGES(type, name, parameters, arguments, end) \
	type name parameters { \
		static type (*real) parameters; \
		if (!real) real = dlsym(RTLD_NEXT, #name); \
		return fails(fd, end) ? -1 : real arguments; \
	}
CHANGES(ssize_t, write, (int fd, const void *data, size_t length), (fd, data, length), -1)
CHANGES(ssize_t, pwrite, (int fd, const void *data, size_t length, off_t at), (fd, data, length, at), at + length)
CHANGES(ssize_t, pwrite64, (int fd, const void *data, size_t length, off64_t at), (fd, data, length, at), at + length)
CHANGES(int, fsync, (int fd), (fd), 0)
CHANGES(int, fdatasync, (int fd), (fd), 0)

/* One name is known besides those of the system, so that nothing outside is needed: pager.test, which is this machine. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
	REAL(int, getaddrinfo, const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct in6_addr number;
	int is_number = node && (inet_pton(AF_INET, node, &number) == 1 || inet_pton(AF_INET6, node, &number) == 1);
	if (node && !is_number && control->names_dead) return EAI_AGAIN;
	if (node && strcmp(node, "pager.test") == 0) node = "127.0.0.1";
	return real_getaddrinfo(node, service, hints, found);
}

int accept4(int listener, struct sockaddr *from, socklen_t *length, int flags) {
	REAL(int, accept4, int, struct sockaddr *, socklen_t *, int);
	int fd = real_accept4(listener, from, length, flags);
	struct sockaddr_in own;
	socklen_t own_length = sizeof own;
	if (fd < 0 || !control->closed_port || getsockname(fd, (struct sockaddr *)&own, &own_length) != 0) return fd;
	if (own.sin_family != AF_INET || ntohs(own.sin_port) != control->closed_port) return fd;
	close(fd);
	errno = ECONNABORTED;
	return -1;
}

int connect(int fd, const struct sockaddr *to, socklen_t length) {
	REAL(int, connect, int, const struct sockaddr *, socklen_t);
	const struct sockaddr_in *target = (const struct sockaddr_in *)to;
	if (!control->led_from || to->sa_family != AF_INET || ntohs(target->sin_port) != control->led_from)
		return real_connect(fd, to, length);
	struct sockaddr_in other = *target;
	other.sin_port = htons(control->led_to);
	return real_connect(fd, (struct sockaddr *)&other, length);
}
