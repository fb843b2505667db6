// With gateway and services as programs of their own.
import { testThatNoKeyIsLeft } from './key_leak.mjs';

testThatNoKeyIsLeft(['--split']);
