import { mount } from 'svelte';
import App from './App.svelte';
import { speakFirst } from './lib/words/words.svelte';

await speakFirst();
mount(App, { target: document.getElementById('app')! });
