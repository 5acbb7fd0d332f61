// mallopt(3), which Swift's own module for the C library leaves out.
#pragma once
#include <malloc.h>
