import type { Word } from './word';
export declare const holdsWord: Word;
