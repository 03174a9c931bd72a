import type { Word } from './word';
export declare const backupWord: Word;
