// With all modules in one program.
import { testThatNoKeyIsLeft } from './key_leak.mjs';

testThatNoKeyIsLeft([]);
