import { mount } from 'svelte';
import { speakFirst, speakToo } from '../lib/words/words.svelte';
import { workspaceWords } from './words/words';
import Workspace from './Workspace.svelte';

speakToo(workspaceWords);
await speakFirst();
mount(Workspace, { target: document.getElementById('app')! });
