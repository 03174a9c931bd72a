import type { Word } from './word';
export declare const brakeWord: Word;
export declare const liftWord: Word;
