/* A disk that fails on demand: preloaded into the real program, it counts every call that changes the ledger's files,
 * and at the one that it is told it kills, tears, fails or cuts the power. It can step the time of day as well.
 *
 * It knows nothing of SQLite or of rollcall but the names of files. What it deliberately does not model: the loss of a
 * directory's entries at a power cut, and the shared memory file, which no recovery reads.
 *
 * Environment:
 *   SHIM_MODE    count      only counts
 *                kill       SIGKILL before the call
 *                kill-after SIGKILL after the call
 *                torn       half of the write, then SIGKILL
 *                fail       this call fails with SHIM_ERRNO; a full disk takes the first half of a write
 *                fail-ever  so does every later one
 *                lost-sync  the first sync from this call on fails and what it should have kept is gone
 *                cut        whatever no sync has confirmed is undone, then SIGKILL
 *                cut-some   of that, a part that SHIM_SEED draws is undone, then SIGKILL
 *   SHIM_AT      number of the call, from 1
 *   SHIM_ERRNO   error number of fail and fail-ever
 *   SHIM_LOG     file for a line a call, and a line "struck" once the fault has struck
 *   SHIM_GATE    path; the call waits at SHIM_GATE.at until there is SHIM_GATE.go, ten seconds at most, and then strikes
 *   SHIM_LIE     1: a sync says yes and keeps nothing
 *   SHIM_FILES   ledger (default): the ledger's files; spool: the other files of the data folder
 *   SHIM_STEP    seconds by which the time of day jumps once there is a file SHIM_STEP_WHEN
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum mode { OFF, COUNT, KILL, KILL_AFTER, TORN, FAIL, FAIL_EVER, LOST_SYNC, CUT, CUT_SOME };
static const char *const MODES[] = {"", "count", "kill", "kill-after", "torn", "fail", "fail-ever", "lost-sync", "cut", "cut-some"};

/* What a write that no sync has confirmed has changed. */
struct undo {
    struct undo *older;
    off_t offset, size_before;
    size_t count;
    unsigned char bytes[];
};
struct file {
    struct file *next;
    dev_t device;
    ino_t inode;
    int fd; /* our own, never closed: closing any would drop the locks of the process */
    struct undo *undo;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum mode mode;
static unsigned long at, calls;
static int failure, lie, spool, struck, log_fd = -1;
static unsigned long long lot;
static const char *gate, *step_when;
static long long step;
static struct file *files;

static long number(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text && *text ? atol(text) : otherwise;
}

static const char *text(const char *name) {
    const char *found = getenv(name);
    return found && *found ? found : NULL;
}

__attribute__((constructor)) static void begin(void) {
    const char *wanted = text("SHIM_MODE");
    for (int known = COUNT; wanted && known <= CUT_SOME; known++)
        if (strcmp(wanted, MODES[known]) == 0) mode = known;
    at = (unsigned long)number("SHIM_AT", 0);
    failure = (int)number("SHIM_ERRNO", EIO);
    lot = (unsigned long long)number("SHIM_SEED", 1) * 0x9e3779b97f4a7c15ULL + at;
    lie = number("SHIM_LIE", 0) == 1;
    spool = text("SHIM_FILES") && strcmp(text("SHIM_FILES"), "spool") == 0;
    gate = text("SHIM_GATE");
    step = number("SHIM_STEP", 0);
    step_when = text("SHIM_STEP_WHEN");
    if (text("SHIM_LOG"))
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, text("SHIM_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void say(const char *what, const char *path, long long offset, long long count) {
    char line[4300];
    int length = snprintf(line, sizeof line, "%lu %s %s %lld %lld\n", calls, what, path, offset, count);
    if (log_fd >= 0 && length > 0) syscall(SYS_write, log_fd, line, (size_t)length);
}

/* Whether a path is one of the files that are watched. */
static int watched(const char *path) {
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    size_t length = strlen(name);
    int of_ledger = strncmp(name, "ledger.db", 9) == 0;
    if (spool) return !of_ledger && strstr(path, "/.rollcall/") != NULL;
    if (!of_ledger) return 0;
    return !(length >= 4 && strcmp(name + length - 4, "-shm") == 0) && strstr(name, ".lock") == NULL;
}

/* Whether a descriptor is of a file that is watched; gives its path. */
static int watched_fd(int fd, char *path, size_t room) {
    char link[64];
    if (mode == OFF) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, room - 1);
    if (length <= 0 || path[0] != '/') return 0;
    path[length] = 0;
    return watched(path);
}

static struct file *file_of(int fd) {
    struct stat stat;
    char link[64];
    if (fstat(fd, &stat) != 0) return NULL;
    for (struct file *file = files; file; file = file->next)
        if (file->device == stat.st_dev && file->inode == stat.st_ino) return file;
    struct file *file = calloc(1, sizeof *file);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    file->fd = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDWR | O_CLOEXEC);
    file->device = stat.st_dev;
    file->inode = stat.st_ino;
    file->next = files;
    files = file;
    return file;
}

/* Keeps what a change from `offset` on, of `count` bytes, will overwrite or cut off. */
static void keep(int fd, off_t offset, size_t count) {
    struct file *file = file_of(fd);
    struct stat stat;
    if (!file || file->fd < 0 || fstat(file->fd, &stat) != 0) return;
    size_t old = 0;
    if (offset < stat.st_size) old = (size_t)(stat.st_size - offset) < count ? (size_t)(stat.st_size - offset) : count;
    struct undo *undo = malloc(sizeof *undo + old);
    undo->offset = offset;
    undo->size_before = stat.st_size;
    undo->count = old;
    if (old) undo->count = (size_t)syscall(SYS_pread64, file->fd, undo->bytes, old, offset);
    undo->older = file->undo;
    file->undo = undo;
}

static void confirm(struct file *file) {
    while (file && file->undo) {
        struct undo *older = file->undo->older;
        free(file->undo);
        file->undo = older;
    }
}

static int drawn(void) {
    lot ^= lot << 13, lot ^= lot >> 7, lot ^= lot << 17;
    return (int)(lot >> 33 & 1);
}

/* Undoes the newest change first; of a draw, only some. */
static void take_back(struct file *file, int some) {
    for (struct undo *undo = file->undo; undo; undo = undo->older) {
        if (some && drawn()) continue;
        if (undo->count) syscall(SYS_pwrite64, file->fd, undo->bytes, undo->count, undo->offset);
        if (!some) syscall(SYS_ftruncate, file->fd, undo->size_before);
    }
    confirm(file);
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

/* Stands still until the harness has looked at what can be seen from outside. */
static void wait_at_gate(void) {
    char path[4200];
    struct timespec moment = {0, 1000000};
    if (!gate) return;
    snprintf(path, sizeof path, "%s.at", gate);
    long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) syscall(SYS_close, fd);
    snprintf(path, sizeof path, "%s.go", gate);
    for (int waited = 0; waited < 10000 && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0; waited++)
        nanosleep(&moment, NULL);
}

enum deed { GO_ON, HALF_THEN_DIE, HALF_THEN_FAIL, REFUSE, AFTER };

/* Counts a call and says what is to be done with it. The lock is held. */
static enum deed judge(const char *what, const char *path, off_t offset, size_t count, int is_write, int is_sync) {
    calls++;
    say(what, path, (long long)offset, (long long)count);
    if (mode <= COUNT || calls < at) return GO_ON;
    if (calls > at && mode != FAIL_EVER && (mode != LOST_SYNC || struck)) return GO_ON;
    if (mode == LOST_SYNC && !is_sync) return GO_ON;
    if (mode == FAIL_EVER && failure == ENOSPC && !is_write) return GO_ON;
    if (!struck) {
        wait_at_gate();
        struck = 1;
        say("struck", path, (long long)offset, (long long)count);
    }
    switch (mode) {
    case KILL: die(); break;
    case KILL_AFTER: return AFTER;
    case TORN:
        if (is_write) return HALF_THEN_DIE;
        die();
        break;
    case CUT:
    case CUT_SOME:
        for (struct file *file = files; file; file = file->next) take_back(file, mode == CUT_SOME);
        die();
        break;
    case FAIL: return is_write && failure == ENOSPC ? HALF_THEN_FAIL : REFUSE;
    default: return REFUSE;
    }
    return GO_ON;
}

static ssize_t change(int fd, const void *bytes, size_t count, off_t offset, int placed) {
    char path[4096];
    long done;
    if (!watched_fd(fd, path, sizeof path))
        return placed ? syscall(SYS_pwrite64, fd, bytes, count, offset) : syscall(SYS_write, fd, bytes, count);
    pthread_mutex_lock(&lock);
    off_t place = placed ? offset : lseek(fd, 0, SEEK_CUR);
    enum deed deed = judge("write", path, place, count, 1, 0);
    int wrong = 0;
    if (deed == REFUSE) {
        done = -1;
        wrong = failure;
    } else {
        keep(fd, place, count);
        size_t whole = deed == HALF_THEN_DIE || deed == HALF_THEN_FAIL ? count / 2 : count;
        done = placed ? syscall(SYS_pwrite64, fd, bytes, whole, offset) : syscall(SYS_write, fd, bytes, whole);
        wrong = done < 0 ? errno : 0;
        if (deed == HALF_THEN_DIE || deed == AFTER) die();
        if (deed == HALF_THEN_FAIL) done = -1, wrong = failure;
    }
    pthread_mutex_unlock(&lock);
    errno = wrong;
    return done;
}

static int sync_file(int fd, long call) {
    char path[4096];
    if (!watched_fd(fd, path, sizeof path)) return (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    enum deed deed = judge("sync", path, 0, 0, 0, 1);
    int done = 0, wrong = 0;
    struct file *file = file_of(fd);
    if (deed == REFUSE || deed == HALF_THEN_FAIL) {
        if (mode == LOST_SYNC && file) take_back(file, 0);
        done = -1, wrong = failure;
    } else if (!lie) {
        done = (int)syscall(call, fd);
        wrong = done < 0 ? errno : 0;
        confirm(file);
    }
    if (deed == AFTER) die();
    pthread_mutex_unlock(&lock);
    errno = wrong;
    return done;
}

static int cut_to(int fd, off_t size) {
    char path[4096];
    struct stat stat;
    if (!watched_fd(fd, path, sizeof path)) return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&lock);
    enum deed deed = judge("truncate", path, size, 0, 0, 0);
    int done = -1, wrong = failure;
    if (deed != REFUSE) {
        if (fstat(fd, &stat) == 0) keep(fd, size, stat.st_size > size ? (size_t)(stat.st_size - size) : 0);
        done = (int)syscall(SYS_ftruncate, fd, size);
        wrong = done < 0 ? errno : 0;
        if (deed == AFTER) die();
    }
    pthread_mutex_unlock(&lock);
    errno = wrong;
    return done;
}

ssize_t write(int fd, const void *bytes, size_t count) { return change(fd, bytes, count, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return change(fd, bytes, count, offset, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) { return change(fd, bytes, count, offset, 1); }
int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }
int ftruncate(int fd, off_t size) { return cut_to(fd, size); }
int ftruncate64(int fd, off64_t size) { return cut_to(fd, size); }

int unlink(const char *path) {
    if (mode == OFF || !watched(path)) return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    pthread_mutex_lock(&lock);
    enum deed deed = judge("unlink", path, 0, 0, 0, 0);
    int done = -1, wrong = failure;
    if (deed != REFUSE) {
        done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
        wrong = done < 0 ? errno : 0;
        if (deed == AFTER) die();
    }
    pthread_mutex_unlock(&lock);
    errno = wrong;
    return done;
}

static int stepped; /* whether the log has the step */

static long long jump(void) {
    if (!step_when || syscall(SYS_faccessat, AT_FDCWD, step_when, F_OK) != 0) return 0;
    if (!__atomic_exchange_n(&stepped, 1, __ATOMIC_SEQ_CST)) say("stepped", "clock", step, 0);
    return step;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += jump();
    return done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    if (now) *now = exact.tv_sec;
    return exact.tv_sec;
}
