import type { Word } from './word';
export declare const keysWord: Word;
