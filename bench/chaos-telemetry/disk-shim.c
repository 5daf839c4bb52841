/*
 * Stands between the product and the disk (LD_PRELOAD): logs every change of the files below CHAOS_DIR, in order, and makes
 * writes and fsyncs fail when the control file says so. What was never synced may then be taken away by who reads the log.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FDS 65536
/* Bytes that may still be written (-1: any); writes, then syncs, until one fails with EIO (-1: none). */
struct control { volatile int64_t room, write_fails_in, sync_fails_in; };

static char is_watched[MOST_FDS];
static const char *dir;
static int log_fd = -1;
static struct control *control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(type, name, ...) \
	static type (*real_##name)(__VA_ARGS__); \
	if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name)

static ssize_t put(const void *data, size_t length) {
	REAL(ssize_t, write, int, const void *, size_t);
	const char *from = data;
	for (size_t done = 0; done < length;) {
		ssize_t wrote = real_write(log_fd, from + done, length - done);
		if (wrote <= 0) return -1;
		done += wrote;
	}
	return 0;
}

/* One record: what, inode, offset, length, then the bytes. */
static void note(char what, uint64_t inode, uint64_t offset, const void *data, uint32_t length) {
	if (log_fd < 0) return;
	unsigned char head[24] = {0};
	head[0] = what;
	memcpy(head + 4, &length, 4);
	memcpy(head + 8, &inode, 8);
	memcpy(head + 16, &offset, 8);
	put(head, sizeof head);
	if (length) put(data, length);
}

static uint64_t inode_of(int fd) {
	struct stat found;
	return fstat(fd, &found) == 0 ? found.st_ino : 0;
}

__attribute__((constructor)) static void begin(void) {
	dir = getenv("CHAOS_DIR");
	const char *log = getenv("CHAOS_LOG"), *path = getenv("CHAOS_CONTROL");
	REAL(int, open64, const char *, int, ...);
	if (log) log_fd = real_open64(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (path) {
		int fd = real_open64(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0) control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (control == MAP_FAILED) control = NULL;
	}
}

static void opened(int fd, const char *path) {
	if (fd < 0 || fd >= MOST_FDS || !dir) return;
	is_watched[fd] = strncmp(path, dir, strlen(dir)) == 0 && !strstr(path, "-shm") && !strstr(path, "lock.");
	if (!is_watched[fd]) return;
	pthread_mutex_lock(&lock);
	note('O', inode_of(fd), 0, path, strlen(path));
	pthread_mutex_unlock(&lock);
}

#define OPENER(name) \
	int name(const char *path, int flags, ...) { \
		va_list rest; va_start(rest, flags); mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0; va_end(rest); \
		REAL(int, name, const char *, int, ...); \
		int fd = real_##name(path, flags, mode); \
		opened(fd, path); \
		return fd; \
	}
OPENER(open)
OPENER(open64)

int close(int fd) {
	REAL(int, close, int);
	if (fd >= 0 && fd < MOST_FDS) is_watched[fd] = 0;
	return real_close(fd);
}

static int watched(int fd) { return fd >= 0 && fd < MOST_FDS && is_watched[fd]; }

/* How much of a write may happen; -1 with errno when none. */
static ssize_t allowed(size_t length) {
	if (!control) return length;
	if (control->write_fails_in >= 0 && control->write_fails_in-- == 0) { errno = EIO; return -1; }
	if (control->room < 0) return length;
	size_t room = control->room;
	if (room == 0) { errno = ENOSPC; return -1; }
	if (length > room) length = room;
	control->room -= length;
	return length;
}

#define WRITER(name, off) \
	ssize_t name(int fd, const void *data, size_t length, off at) { \
		REAL(ssize_t, name, int, const void *, size_t, off); \
		if (!watched(fd)) return real_##name(fd, data, length, at); \
		pthread_mutex_lock(&lock); \
		ssize_t may = allowed(length), wrote = may; \
		if (may > 0 && (wrote = real_##name(fd, data, may, at)) > 0) note('W', inode_of(fd), at, data, wrote); \
		pthread_mutex_unlock(&lock); \
		return wrote; \
	}
WRITER(pwrite, off_t)
WRITER(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t length) {
	REAL(ssize_t, write, int, const void *, size_t);
	if (!watched(fd)) return real_write(fd, data, length);
	pthread_mutex_lock(&lock);
	/* A mark of the driver: an answer went out. It takes no room and is in no file that counts. */
	ssize_t wrote = real_write(fd, data, length);
	if (wrote > 0) note('M', inode_of(fd), 0, data, wrote);
	pthread_mutex_unlock(&lock);
	return wrote;
}

#define SYNCER(name) \
	int name(int fd) { \
		REAL(int, name, int); \
		struct stat found; \
		int is_dir = fd >= 0 && fstat(fd, &found) == 0 && S_ISDIR(found.st_mode); \
		if (!watched(fd) && !is_dir) return real_##name(fd); \
		pthread_mutex_lock(&lock); \
		int fails = control && !is_dir && control->sync_fails_in >= 0 && control->sync_fails_in-- == 0; \
		note(is_dir ? 'D' : fails ? 'F' : 'S', is_dir ? found.st_ino : inode_of(fd), 0, NULL, 0); \
		pthread_mutex_unlock(&lock); \
		if (fails) { errno = EIO; return -1; } \
		/* The log says what a sync would have made lasting: no need to wait for a real disk. */ \
		return 0; \
	}
SYNCER(fsync)
SYNCER(fdatasync)

#define CUTTER(name, off) \
	int name(int fd, off length) { \
		REAL(int, name, int, off); \
		if (!watched(fd)) return real_##name(fd, length); \
		pthread_mutex_lock(&lock); \
		int done = real_##name(fd, length); \
		if (done == 0) note('T', inode_of(fd), length, NULL, 0); \
		pthread_mutex_unlock(&lock); \
		return done; \
	}
CUTTER(ftruncate, off_t)
CUTTER(ftruncate64, off64_t)

int unlink(const char *path) {
	REAL(int, unlink, const char *);
	pthread_mutex_lock(&lock);
	int done = real_unlink(path);
	if (done == 0 && dir && strncmp(path, dir, strlen(dir)) == 0) note('U', 0, 0, path, strlen(path));
	pthread_mutex_unlock(&lock);
	return done;
}
