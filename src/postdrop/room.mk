below_postdrop := global dns tables util
programs       += postdrop/postdrop
