"""Makes a tiny model of random weights for a real server: `noise.py transformers|gguf FOLDER`.

Run by the Python of the server's own virtual environment. The words are pieces of what Finch itself
writes, the weights are drawn from a seed: what the model says is noise, but a server loads it,
prompts it and samples from it as it would any other.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
NAME = "finch/noise"
COMMIT = "0" * 40
PIECES = 4096
CONTEXT = 32_768
WIDTH, INNER, LAYERS, HEADS = 64, 128, 2, 4
END = "<|end|>"
ENDS = 16
"""Words that end an answer, too: of random words, most answers would run into their cap."""

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}<|end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
SPECIAL = [END, "<|system|>", "<|user|>", "<|assistant|>"]


def tokenizer() -> Any:
    """Byte-level BPE of what Finch itself writes: it takes any text, and ours is short in it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    files = [*ROOT.glob("genomes/**/*.md"), *ROOT.glob("genomes/**/*.py")]
    made.train_from_iterator((path.read_text() for path in sorted(files)), trainer)
    if made.get_vocab_size() != PIECES:
        raise SystemExit(f"{made.get_vocab_size()} pieces were found; needs {PIECES}")
    return made


def transformers(folder: Path) -> None:
    """As if it had been downloaded into this cache: servers list what lies there."""
    import torch
    from transformers import (
        GenerationConfig,
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
    )

    place = folder / "hub" / f"models--{NAME.replace('/', '--')}"
    shot = place / "snapshots" / COMMIT
    shot.mkdir(parents=True)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    words = PreTrainedTokenizerFast(tokenizer_object=tokenizer(), eos_token=END, pad_token=END)
    words.chat_template = TEMPLATE
    words.save_pretrained(shot)
    torch.manual_seed(7)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=PIECES, hidden_size=WIDTH, intermediate_size=INNER,
            num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=HEADS,
            max_position_embeddings=CONTEXT, bos_token_id=None, eos_token_id=0, pad_token_id=0,
        )
    )  # fmt: skip
    ends = [0, *range(PIECES - ENDS, PIECES)]
    model.generation_config = GenerationConfig(do_sample=True, eos_token_id=ends, pad_token_id=0)
    model.save_pretrained(shot)


def gguf(folder: Path) -> None:
    """One file, as llama.cpp reads it."""
    import numpy as np
    from gguf import GGUFWriter, TokenType

    known = json.loads(tokenizer().to_str())["model"]
    pieces = sorted(known["vocab"], key=known["vocab"].get)
    kinds = [TokenType.CONTROL if piece in SPECIAL else TokenType.NORMAL for piece in pieces]
    folder.mkdir(parents=True, exist_ok=True)
    file = GGUFWriter(folder / "noise.gguf", "llama")
    file.add_name(NAME)
    file.add_context_length(CONTEXT)
    file.add_embedding_length(WIDTH)
    file.add_feed_forward_length(INNER)
    file.add_block_count(LAYERS)
    file.add_head_count(HEADS)
    file.add_head_count_kv(HEADS)
    file.add_layer_norm_rms_eps(1e-6)
    file.add_vocab_size(PIECES)
    file.add_rope_dimension_count(WIDTH // HEADS)
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("gpt-2")
    file.add_token_list(pieces)
    file.add_token_types(kinds)
    file.add_token_merges([" ".join(pair) for pair in known["merges"]])
    file.add_eos_token_id(0)
    file.add_bos_token_id(0)
    file.add_add_bos_token(False)
    file.add_chat_template(TEMPLATE)
    rng = np.random.default_rng(7)

    def put(name: str, *shape: int) -> None:
        file.add_tensor(f"{name}.weight", rng.normal(0, 0.02, shape).astype(np.float32))

    def put_ones(name: str) -> None:
        file.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))

    put("token_embd", PIECES, WIDTH)
    put("output", PIECES, WIDTH)
    put_ones("output_norm")
    for block in range(LAYERS):
        put_ones(f"blk.{block}.attn_norm")
        put_ones(f"blk.{block}.ffn_norm")
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            put(f"blk.{block}.{name}", WIDTH, WIDTH)
        put(f"blk.{block}.ffn_gate", INNER, WIDTH)
        put(f"blk.{block}.ffn_up", INNER, WIDTH)
        put(f"blk.{block}.ffn_down", WIDTH, INNER)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


if __name__ == "__main__":
    {"transformers": transformers, "gguf": gguf}[sys.argv[1]](Path(sys.argv[2]))
