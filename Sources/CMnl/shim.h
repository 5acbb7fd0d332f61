#pragma once
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

// setns(2) stands behind _GNU_SOURCE, which Swift's view of the C library does not define.
static inline int netbaton_enter_network_namespace(int fd) { return (int)syscall(SYS_setns, fd, CLONE_NEWNET); }
