import type { Word } from './word';
export declare const budgetsWord: Word;
