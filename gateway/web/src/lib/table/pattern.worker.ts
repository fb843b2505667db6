// Runs a person's pattern over texts, apart from the page, so that it can be ended.
import { fitting } from './pattern';

onmessage = ({ data }: MessageEvent<{ pattern: RegExp; texts: string[] }>) => postMessage(fitting(data.pattern, data.texts));
