#pragma once

namespace ftl {

// Overwrites what calls that have returned left of the calling thread's stack, 64 KiB deep: libraries that decrypt a
// message with a key in it leave pieces there, and a thread that then waits keeps them. Takes some two microseconds.
// Any thread with a stack of the usual size.
void WipeStackResidue();

}  // namespace ftl
