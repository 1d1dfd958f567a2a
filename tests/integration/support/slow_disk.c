/* Preloaded library for slow_disk.py that makes every fsync() and fdatasync() of couponhook slower.
 * The environment variable COUPONHOOK_SLOW_DISK names a file that contains the additional time in
 * milliseconds. Every flush reads this file. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_for_the_disk(void) {
  char text[16] = "";
  const char *path = getenv("COUPONHOOK_SLOW_DISK");
  const int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  if (read(file, text, sizeof text - 1) < 0) text[0] = '\0';
  close(file);
  const long milliseconds = atol(text);
  struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0) continue;
}

int fsync(int file) {
  static int (*next)(int);
  if (next == NULL) next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  wait_for_the_disk();
  return next(file);
}

int fdatasync(int file) {
  static int (*next)(int);
  if (next == NULL) next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  wait_for_the_disk();
  return next(file);
}
